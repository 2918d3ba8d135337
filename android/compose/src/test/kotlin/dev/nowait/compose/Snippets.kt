@file:Suppress("unused")

package dev.nowait.compose

import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.text.BasicText
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.navigation.NavController

// What the guides show stands between the marks; SnippetTest of the face compares them.

@Composable
private fun NavHost(controller: NavController) = Unit

@Composable
private fun Keypad(modifier: Modifier) = Box(modifier)

// snippet begins
@Composable
fun AccountsScreen(
    accounts: List<String>,
    onTransfer: Modifier,
) {
    TrackScreen("Accounts", ready = accounts.isNotEmpty()) // ready when they are there
    Column {
        for (account in accounts) BasicText(account)
        BasicText("Transfer", Modifier.trackTap("Accounts.Transfer").then(onTransfer)) // before its click
        Keypad(Modifier.nowaitExcluded()) // nothing in it is named
    }
}

@Composable
fun Bank(navigation: NavController) {
    TrackDestinations(navigation) // each destination is a screen, by the template of its route
    NavHost(navigation)
}
// snippet ends
